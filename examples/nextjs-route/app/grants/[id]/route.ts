import { revokedGrants } from '../../revoked-grants.ts';

export async function GET(_request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  const { id } = await params;
  return Response.json({ id, revoked: revokedGrants.has(id) });
}
