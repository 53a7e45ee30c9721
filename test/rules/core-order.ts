/**
 * Where the files of core stand, in the order a delivery travels. A file imports from its own place or an earlier one: where
 * an edge runs the other way, the file stands in the wrong folder.
 */
const way: readonly string[] = [
  'error.ts',
  'printable.ts',
  'option-names.ts',
  'development.ts',
  'remember.ts',
  'timing/',
  'bytes/',
  'proof/',
  'event/',
  'provider.ts',
  'handling/',
  'diagnosis/',
  'report/',
  'options.ts',
  'verify.ts',
  'receiver.ts',
];

/** Providers are data, described in the words of provider.ts. They know nothing after it, and the engine knows no provider. */
const providers = { place: 'providers/', importUpTo: 'provider.ts' };

/** What users import, and nothing else does. */
const entries: readonly string[] = ['index.ts', 'adapter.ts', 'inbox.ts', 'strict.ts'];

/** A folder with its slash, or a file at the root. */
function placeOf(file: string): string {
  return file.slice(0, file.indexOf('/') + 1) || file;
}

/** Whether a file of core stands in one of the places that there are. */
export function hasPlace(file: string): boolean {
  return [...way, providers.place, ...entries].includes(placeOf(file));
}

/** What is wrong with an import within core, in words. */
export function againstOrder(from: string, to: string): string | undefined {
  if (entries.includes(to)) return 'is an entry, which nothing imports';
  if (entries.includes(from)) return undefined;
  if (!hasPlace(from)) return 'is imported from no place of the order';
  if (placeOf(to) === providers.place) return 'is a provider, which only the entries import';
  const own = placeOf(from) === providers.place ? providers.importUpTo : placeOf(from);
  const place = way.indexOf(placeOf(to));
  if (place === -1) return 'stands in no place of the order';
  return place <= way.indexOf(own) ? undefined : `stands after ${own}`;
}
