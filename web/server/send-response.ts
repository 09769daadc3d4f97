/** A web Response, sent by node. */
import type { ServerResponse } from 'node:http';
import { writeReadableStreamToWritable } from '@remix-run/node';

export async function sendResponse(res: ServerResponse, response: Response): Promise<void> {
  res.statusCode = response.status;
  res.statusMessage = response.statusText;
  for (const [name, value] of response.headers) res.appendHeader(name, value);
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) res.flushHeaders();
  if (response.body === null) res.end();
  else await writeReadableStreamToWritable(response.body, res);
}
