/**
 * What core sees of a request, whatever framework received it.
 */
export interface RequestView {
  readonly method: string;
  /** Path and query as they were received. */
  readonly url: string;
  /** Every line of every header, by lower-case name. A header that came twice has two entries. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>;
  /** The members of a form body that something has parsed already. */
  readonly form?: Readonly<Record<string, unknown>> | undefined;
  /** The connection that the request came over. Absent where there is none to speak of, as in a message of a queue. */
  readonly connection?: ConnectionView | undefined;
}

/** What the socket tells of the other end. Nothing here comes from a header. */
export interface ConnectionView {
  /** The address of the peer: the client's own, or that of the last proxy. */
  readonly remoteAddress: string | undefined;
  /**
   * The certificate (DER) that the peer presented in the TLS handshake and whose key it holds; `undefined` where it
   * presented none. Whether its chain is trusted is not said.
   */
  readonly peerCertificate: () => Uint8Array | undefined;
}

/** The part of Node's `IncomingMessage`, and of what frameworks add to it, that makes a `RequestView`. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly rawHeaders?: readonly string[] | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly socket?: NodeSocket | null | undefined;
}

/** The part of Node's `Socket` and `TLSSocket` that makes a `ConnectionView`. */
export interface NodeSocket {
  readonly remoteAddress?: string | undefined;
  readonly getPeerX509Certificate?: () => { readonly raw: Uint8Array } | undefined;
}

/**
 * The view of a Node request. `rawHeaders` shows a header that was sent twice; `headers` alone keeps only the
 * first `Authorization` line, and counts where a gateway or a test tool has left `rawHeaders` empty.
 */
export function requestViewOf(request: NodeRequest): RequestView {
  const { rawHeaders = [] } = request;
  const headers = rawHeaders.length === 0 ? headerLists(request.headers) : headerLines(rawHeaders);
  return {
    method: request.method ?? 'GET',
    url: request.originalUrl ?? request.url ?? '/',
    headers,
    form: isForm(headers) && isRecord(request.body) ? request.body : undefined,
    connection: request.socket ? connectionViewOf(request.socket) : undefined,
  };
}

function connectionViewOf(socket: NodeSocket): ConnectionView {
  return {
    remoteAddress: socket.remoteAddress,
    // Asked of the socket itself, and only when a token is bound to a certificate.
    peerCertificate: () => socket.getPeerX509Certificate?.()?.raw,
  };
}

type HeaderLists = Record<string, string[] | undefined>;

function headerLines(rawHeaders: readonly string[]): HeaderLists {
  const lists = Object.create(null) as HeaderLists;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase();
    (lists[name] ??= []).push(rawHeaders[at + 1] ?? '');
  }
  return lists;
}

function headerLists(headers: NodeRequest['headers']): HeaderLists {
  const lists = Object.create(null) as HeaderLists;
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) lists[name.toLowerCase()] = typeof value === 'string' ? [value] : [...value];
  }
  return lists;
}

function isForm(headers: HeaderLists): boolean {
  const type = headers['content-type']?.[0]?.split(';', 1)[0];
  return type?.trim().toLowerCase() === 'application/x-www-form-urlencoded';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
