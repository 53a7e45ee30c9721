/**
 * What a test of webhook code needs: signed deliveries of any provider, and realistic sample events. The conformance
 * suite for adapters is `@hookproof/testing/conformance`.
 *
 * @module
 */
export { sampleEvent, sampleTypes } from './samples.ts';
export {
  type RawEvent,
  type SignedDelivery,
  type SignedDeliveryOptions,
  signedDelivery,
  type TypedEvent,
} from './signed-delivery.ts';
