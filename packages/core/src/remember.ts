/** Keeps something under a name that may come from outside, and forgets the oldest where there are too many. */
export function remember<T>(known: Map<string, T>, name: string, value: T, most: number): void {
  const [oldest] = known.size < most ? [] : known.keys();
  if (oldest !== undefined) known.delete(oldest);
  known.set(name, value);
}
