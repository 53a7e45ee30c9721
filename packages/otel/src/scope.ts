/** Who measured, as every span and metric says. */
export const scope = {
  name: '@hookproof/otel',
  // The version of the semantic conventions that the attributes follow.
  options: { schemaUrl: 'https://opentelemetry.io/schemas/1.45.0' },
} as const;
