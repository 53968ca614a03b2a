import type { RequestListener } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { deflateSync } from 'node:zlib';
import type { Claims, Jwk, ResourceServerOptions, StatusListEvent, StatusListOptions } from '@assay/core';
import { compactJws, fixedClock, type TokenVariation } from '@assay/testing';
import { startDocumentServer, type DocumentServer } from './document-server.js';
import { baselineBuilder, nowSeconds, startProtectedApi, type ProtectedApi } from './protected-api.js';

/** How a status list differs from a good one: one bit for each of 16 statuses, all of them VALID. */
export interface ListVariation {
  readonly bits?: unknown;
  /** The bytes before they are packed. */
  readonly bytes?: Uint8Array;
  /** The packed list as a text, whatever it is. */
  readonly lst?: unknown;
  /** Claims to set, or to leave out with `undefined`. */
  readonly claims?: Claims;
  readonly header?: Claims;
  readonly key?: Jwk;
}

/** A protected API whose issuer has a status list at a real server on loopback, and what the API told of it. */
export interface StatusListApi extends ProtectedApi {
  readonly server: DocumentServer;
  /** The URI of the list. */
  readonly uri: string;
  /** The options with which the API trusts the lists. */
  readonly statusList: StatusListOptions;
  readonly events: readonly StatusListEvent[];
  /** The URLs that were fetched, in order, whether or not somebody answered. */
  readonly fetched: readonly string[];
  /** Resolves when every fetch that was started has come to its end. */
  readonly settled: () => Promise<void>;
  /** A list for the URI, good but for what is given. */
  readonly listJwt: (variation?: ListVariation) => string;
  /** Serves such a list at the URI, with its media type. */
  readonly serveList: (variation?: ListVariation, headers?: Readonly<Record<string, string>>) => void;
  /** Answers requests for the URI in a way of the test's own. */
  readonly answerWith: (listener: RequestListener) => void;
  /** A valid access token whose status stands at this index of the list, but for what is given. */
  readonly tokenAt: (index: number, claims?: Claims, variation?: TokenVariation) => string;
  /** A valid access token with this claim `status`, or without one. */
  readonly tokenWith: (status: unknown, claims?: Claims) => string;
}

export const listPath = '/statuslists/1';
export const listType = 'application/statuslist+jwt';

/** Starts such an API. Nothing is served at the URI yet. */
export async function startStatusListApi(
  settings: Partial<ResourceServerOptions> = {},
  option: Partial<StatusListOptions> = {},
): Promise<StatusListApi> {
  const server = await startDocumentServer();
  const clock = fixedClock(nowSeconds);
  const builder = await baselineBuilder(clock);
  const events: StatusListEvent[] = [];
  const fetched: string[] = [];
  const uri = `${server.origin}${listPath}`;
  const statusList = { uris: [`${server.origin}/statuslists/`], ...option };
  const api = await startProtectedApi({
    clock,
    builder,
    settings: {
      allowInsecureLoopback: true,
      statusList,
      onStatusListEvent: (event) => events.push(event),
      fetch: (url, init) => {
        fetched.push(url);
        return fetch(url, init);
      },
      ...settings,
    },
  });
  const listJwt = (variation: ListVariation = {}) => {
    const { bits = 1, bytes = new Uint8Array(2), claims, header, key = builder.key } = variation;
    const lst = 'lst' in variation ? variation.lst : deflateSync(bytes).toString('base64url');
    const payload = { sub: uri, iat: clock.nowSeconds(), status_list: { bits, lst }, ...claims };
    return compactJws({
      header: { alg: 'ES256', kid: key['kid'], typ: 'statuslist+jwt', ...header },
      payload,
      key,
    });
  };
  const tokenWith = (status: unknown, claims: Claims = {}) => builder.accessToken({ status, ...claims });
  return {
    ...api,
    server,
    uri,
    statusList,
    events,
    fetched,
    async settled() {
      while (events.length < fetched.length) await turn();
    },
    listJwt,
    serveList(variation, headers) {
      const body = listJwt(variation);
      server.serveRaw(listPath, { headers: { 'content-type': listType, ...headers }, body });
    },
    answerWith(listener) {
      server.serve(listPath, listener);
    },
    tokenAt: (index, claims, variation) =>
      builder.accessToken({ status: { status_list: { idx: index, uri } }, ...claims }, variation),
    tokenWith,
  };
}
