import type { ServerResponse } from 'node:http';
import type { PlacedRequest } from './place.ts';

/**
 * Lets the app answer a request that is not a delivery, as if the receiver were not there. Where the app has nothing for it,
 * which is seen when the 404 of nobody's route is about to leave, `answer` is called instead.
 */
export function appFirst(request: PlacedRequest, response: ServerResponse, answer: () => void): void {
  const { end } = response;
  const { route } = request;
  const endOrAnswer = (...given: unknown[]) => {
    response.end = end;
    const isNobodys = response.statusCode === 404 && !response.headersSent && request.route === route;
    if (!isNobodys) return Reflect.apply(end, response, given);
    // It is the other answer's.
    response.removeHeader('etag');
    answer();
    return response;
  };
  response.end = endOrAnswer;
}
