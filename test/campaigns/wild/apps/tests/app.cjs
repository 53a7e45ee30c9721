'use strict';
const express = require('express');
const { grantexWebhooks } = require('@hookproof/express');

/** An app, and the grants that were revoked in it. */
exports.makeApp = (secret) => {
  const revoked = [];
  const app = express();
  app.use(grantexWebhooks({ secret, on: { 'grant.revoked': ({ data }) => revoked.push(data.grantId) } }));
  app.use(express.json());
  app.post('/echo', (req, res) => res.json(req.body));
  return { app, revoked };
};
