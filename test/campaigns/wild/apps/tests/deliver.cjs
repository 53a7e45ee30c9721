'use strict';
const { grantex } = require('@hookproof/core');
const { signedDelivery } = require('@hookproof/testing');

exports.secret = 'a secret for the tests of an app';

/** What Grantex would send of a grant that was revoked. */
exports.revocation = (grantId, secret = exports.secret) =>
  signedDelivery(grantex(), { type: 'grant.revoked', data: { grantId, cascade: false } }, { secret });
