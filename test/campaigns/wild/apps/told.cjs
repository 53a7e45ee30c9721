'use strict';
const { createHash } = require('node:crypto');

/** The options of a receiver whose handler tells what it was given. */
exports.optionsOf = (name) => ({
  secret: process.env.WILD_SECRET,
  on: {
    '*': (_event, { delivery }) => {
      const body = createHash('sha256').update(delivery.body).digest('hex');
      console.log(JSON.stringify({ handled: name, body }));
    },
  },
});

/** Tells where a server of Node's listens, and what else the row's checks want to know. */
exports.listening = (server, more) => console.log(JSON.stringify({ port: server.address().port, ...more }));
