import { bounds } from '../../diagnosis/bounds.ts';

const mistake = bounds.find(({ cause }) => cause === 'diagnosis_failed');

/** The provider of the scene in which a diagnosis fails. */
export default (await mistake?.scene())?.provider;
