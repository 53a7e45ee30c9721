'use strict';
const apm = require('elastic-apm-node').start({ disableSend: true, cloudProvider: 'none', centralConfig: false });

apm.addTransactionFilter((transaction) => {
  console.log(`a transaction of ${transaction.name}`);
  return transaction;
});
