const tsconfig = {
  allowJs: true,
  module: 'node16',
  moduleResolution: 'node16',
  target: 'es2022',
  isolatedModules: true,
};

export default {
  testMatch: ['**/*.test.ts'],
  transform: { '\\.[jt]s$': ['ts-jest', { tsconfig, diagnostics: false }] },
  transformIgnorePatterns: ['/node_modules/(?!(?:.*/)?@hookproof/)'],
};
