import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { exposeHeaders } from '../src/exposed-headers.js';
import { keepAnswerPrivate } from '../src/private-answer.js';

/** What a client gets from a plain Node server. */
async function answerOf(write: (response: ServerResponse) => void): Promise<IncomingMessage> {
  const server = createServer((_request, response) => {
    write(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [answer] = (await once(get({ port, host: '127.0.0.1', agent: false }), 'response')) as [
    IncomingMessage,
  ];
  answer.resume();
  await once(answer, 'end');
  server.close();
  return answer;
}

const name = 'Access-Control-Expose-Headers';
const key = 'access-control-expose-headers';

describe('exposeHeaders', () => {
  it.each<[string, (response: ServerResponse) => void, string]>([
    ['nothing was exposed', (response) => response.end(), 'A, B'],
    ['one of them was', (response) => response.setHeader(name, 'x,a').end(), 'x, a, B'],
    ['everything was', (response) => response.setHeader(name, '*').end(), '*, A, B'],
    ['an empty list was', (response) => response.setHeader(name, ' , ').end(), 'A, B'],
    ['names come with the status', (response) => response.writeHead(200, { [name]: 'X' }).end(), 'X, A, B'],
    ['names come in a list', (response) => response.writeHead(200, [name, 'X', 'Y', 'z']).end(), 'X, A, B'],
    ['it was asked for twice', (response) => (exposeHeaders(response, ['A', 'B']), response.end()), 'A, B'],
    [
      'others were asked for before',
      (response) => (exposeHeaders(response, ['C']), response.end()),
      'C, A, B',
    ],
  ])('adds to what the application exposes, where %s', async (_what, write, expected) => {
    const { headers } = await answerOf((response) => {
      exposeHeaders(response, ['A', 'B']);
      write(response);
    });
    expect(headers[key]).toBe(expected);
  });

  it('leaves alone what else has the last word on an answer', async () => {
    const { headers, statusMessage } = await answerOf((response) => {
      keepAnswerPrivate(response, 'no-store');
      exposeHeaders(response, ['A']);
      keepAnswerPrivate(response);
      response
        .writeHead(200, 'Fine', { 'Cache-Control': 'public', 'Set-Cookie': ['a=1', 'b=2'], 'X-Total': 5 })
        .end();
    });
    expect(statusMessage).toBe('Fine');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      [key]: 'A',
      'set-cookie': ['a=1', 'b=2'],
      'x-total': '5',
    });
  });
});
