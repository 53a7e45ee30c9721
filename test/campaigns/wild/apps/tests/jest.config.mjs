export default {
  transformIgnorePatterns: ['/node_modules/(?!(?:.*/)?@hookproof/)'],
};
