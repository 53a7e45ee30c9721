const tsconfig = { allowJs: true, esModuleInterop: true, isolatedModules: true, module: 'commonjs', target: 'es2022' };

export default {
  transform: { '\\.[jt]s$': ['ts-jest', { tsconfig }] },
  transformIgnorePatterns: ['/node_modules/(?!(?:.*/)?@hookproof/)'],
};
