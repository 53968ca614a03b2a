import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Algorithm, Jwk } from '@assay/core';
import { compactJws } from '@assay/testing';

/** What an endpoint was asked, as it came over the wire. */
export interface Question {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The form that the body is. */
  readonly form: URLSearchParams;
}

/** An introspection endpoint on loopback. What it says of a token, a test sets; of others it says that they are inactive. */
export interface IntrospectionEndpoint {
  readonly url: string;
  readonly questions: readonly Question[];
  /** Says this of a token: members of the answer, as they are. */
  readonly say: (token: string, members: Readonly<Record<string, unknown>>) => void;
  /** Answers every question in a way of its own; without one, properly again. */
  readonly behave: (listener?: RequestListener) => void;
  /** Answers signed, from now on: the claims of the answer for what is said of the token. */
  readonly sign: (signing: Signing) => void;
}

/** How answers are signed. */
export interface Signing {
  readonly key: Jwk;
  readonly alg?: Algorithm;
  readonly header?: Readonly<Record<string, unknown>>;
  /** The claims of an answer that says this of a token. */
  readonly claims: (said: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** What becomes of the JWS on its way. */
  readonly wrap?: (jws: string) => Promise<string> | string;
  /** Default `application/token-introspection+jwt`. */
  readonly contentType?: string;
}

const servers: Server[] = [];

/** Starts an endpoint on a free loopback port. `closeIntrospectionEndpoints` stops it. */
export async function startIntrospectionEndpoint(): Promise<IntrospectionEndpoint> {
  const said = new Map<string, Readonly<Record<string, unknown>>>();
  const questions: Question[] = [];
  let behaviour: RequestListener | undefined;
  let signing: Signing | undefined;

  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const { method = '', url = '', headers } = request;
      const form = new URLSearchParams(body);
      questions.push({ method, url, headers, body, form });
      if (behaviour !== undefined) {
        behaviour(request, response);
        return;
      }
      const members = said.get(form.get('token') ?? '') ?? { active: false };
      if (signing === undefined) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(members));
        return;
      }
      const { contentType = 'application/token-introspection+jwt' } = signing;
      response.writeHead(200, { 'content-type': contentType }).end(await signed(members, signing));
    })();
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/introspect`,
    questions,
    say: (token, members) => said.set(token, members),
    behave: (listener) => (behaviour = listener),
    sign: (given) => (signing = given),
  };
}

async function signed(
  said: Readonly<Record<string, unknown>>,
  { key, alg, header = {}, claims, wrap = (jws) => jws }: Signing,
): Promise<string> {
  const named = { alg: alg ?? key['alg'], kid: key['kid'], typ: 'token-introspection+jwt', ...header };
  const payload = JSON.stringify(claims(said));
  return wrap(compactJws({ header: named, payload, key, ...(alg === undefined ? {} : { alg }) }));
}

/** Stops every endpoint that was started. For `afterAll`. */
export async function closeIntrospectionEndpoints(): Promise<void> {
  const closing = servers.splice(0).map(async (server) => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  await Promise.all(closing);
}
