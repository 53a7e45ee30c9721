export default {
  testMatch: ['**/*.test.js'],
  transformIgnorePatterns: ['/node_modules/(?!(?:.*/)?@hookproof/)'],
};
