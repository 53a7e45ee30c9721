import { createReceiver, grantex } from '@hookproof/core';
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, APIGatewayProxyResult } from 'aws-lambda';

const receiver = createReceiver({
  provider: grantex(),
  secret: () => process.env.GRANTEX_SECRET ?? '',
  on: { 'grant.revoked': ({ data }) => console.log('revoked:', data.grantId) },
});

type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent | ALBEvent;

export async function handler(event: HttpEvent): Promise<APIGatewayProxyResult> {
  const { status, headers, body } = await receiver.receive({
    method: 'httpMethod' in event ? event.httpMethod : event.requestContext.http.method,
    headers: event.headers ?? {},
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  });
  return { statusCode: status, headers, body, isBase64Encoded: false };
}
