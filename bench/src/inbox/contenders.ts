/** What is measured against each other over HTTP: `inbox` handles what it stores, `inbox, work: false` only stores. */
export const httpContenders = ['inline', 'inbox, work: false', 'inbox'] as const;

export type HttpContender = (typeof httpContenders)[number];
