/** Reads a row of a database as what it is, and says which column is not. */
export function column(row: unknown, name: string): unknown {
  if (typeof row !== 'object' || row === null) throw new TypeError('the database returned no row');
  return Reflect.get(row, name);
}

export function textIn(row: unknown, name: string): string {
  const value = column(row, name);
  if (typeof value === 'string') return value;
  throw new TypeError(`column ${name} of the inbox holds no text`);
}

export function optionalTextIn(row: unknown, name: string): string | undefined {
  return column(row, name) === null ? undefined : textIn(row, name);
}
