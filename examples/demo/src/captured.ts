/** A genuine delivery of Grantex, byte for byte as its service sent it, and the secret it was signed with. */
export const captured = {
  secret: '3de79db03350b07281bdbcaf3630dfc01a1d99d0af1be252',
  /** When it was sent, in milliseconds since 1970: `x-grantex-timestamp`. */
  sentAt: 1_795_216_193_000,
  type: 'token.issued',
  headers: {
    'content-type': 'application/json',
    'user-agent': 'Grantex-Webhooks/0.1',
    'x-grantex-signature': 'sha256=a6d64f2ee4ee83bc86f0ccdb5d9e5cbfbc066c78c91f879d434425222588c4e4',
    'x-grantex-signature-v2': 'sha256=f73c8f1521b082f65745d1d158014fa8c5de7e42333bd1d9558d52c78b475dbe',
    'x-grantex-timestamp': '1795216193',
    'transfer-encoding': 'chunked',
  },
  body: '{"id":"evt_01M7XKHRANV087JT14TQYW5735","type":"token.issued","createdAt":"2026-11-20T23:09:31.349Z","data":{"tokenId":"tok_01M7XKHRAGKCEZMF186K6KEWMK","grantId":"grnt_01M7XKHRA0MY209HMV34RYRVN4","agentId":"ag_01M7XKHR8JQQGAAJ3F3Z109K82","principalId":"user_abc123","scopes":["calendar:read","payments:initiate:max_500"],"expiresAt":"2026-11-21T23:09:31.330Z"}}',
};
