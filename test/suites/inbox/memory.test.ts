import { memoryInbox } from '@hookproof/inbox';
import { inboxConformance } from '@hookproof/testing/inbox-conformance';
import { it } from 'vitest';

inboxConformance({ name: 'memory', test: it, open: (_store, settings) => memoryInbox(settings), shared: false });
