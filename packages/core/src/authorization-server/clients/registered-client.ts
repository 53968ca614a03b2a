import type { Algorithm } from '../../algorithms.js';
import type { JwkSet } from '../../keys/fixed-keys.js';
import type { TrustedIssuer } from '../../trusted-issuer.js';

/** How a client proves that it is that client (RFC 7591 section 2). */
export type ClientAuthenticationMethod = 'private_key_jwt' | 'none';

/** A relaxation for one client, with an end. */
export interface ClientCompatibility {
  /** Accepts the URL of the token endpoint as the only audience of the client's assertions, beside the issuer. */
  readonly audience: 'token-endpoint';
  /** The instant from which on the client is held to the rule, as a date that `Date.parse` reads. */
  readonly until: string;
}

/** What a client says of itself when it is registered, by the names of RFC 7591, and what this server adds. */
export interface ClientMetadata {
  readonly client_id: string;
  readonly client_name?: string;
  /** The public keys of the client. Either these or `jwks_uri`. */
  readonly jwks?: JwkSet;
  readonly jwks_uri?: string;
  /** Default: `private_key_jwt` where there are keys, otherwise `none`. */
  readonly token_endpoint_auth_method?: ClientAuthenticationMethod;
  /** The only algorithm of the client's assertions. Default: every one that is supported and fits its keys. */
  readonly token_endpoint_auth_signing_alg?: Algorithm;
  /** What the client may ask the token endpoint for. Default: `authorization_code`, as RFC 7591 has it. */
  readonly grant_types?: readonly string[];
  readonly redirect_uris?: readonly string[];
  /**
   * The scopes that the client may have, separated by spaces. Default: those that grants allow; none for client
   * credentials, so that such a client gets no token for itself.
   */
  readonly scope?: string;
  /** Whether assertions have to say what they are by `typ`. Default false. */
  readonly requireTyp?: boolean;
  readonly compatibility?: ClientCompatibility;
}

/** A client that this server knows, its metadata judged. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly authenticationMethod: ClientAuthenticationMethod;
  readonly grantTypes: ReadonlySet<string>;
  /** The scopes that the client may have; `undefined` where its registration says nothing of them. */
  readonly scopes: readonly string[] | undefined;
  /** By which keys and expectations the client's assertions are judged; `undefined` for one that has none. */
  readonly assertions: TrustedIssuer | undefined;
  readonly metadata: ClientMetadata;
}

/**
 * Knows clients: for those that are too many, or too changing, to stand in the configuration. Asked at every request with
 * identifiers that anybody may have made up: an unknown one costs as little as a look-up, and is answered `undefined`.
 * Whatever it rejects with is an outage, and so is metadata that is not in order: 503 `service.clients-unavailable`.
 */
export interface ClientRegistry {
  readonly find: (clientId: string) => ClientMetadata | undefined | Promise<ClientMetadata | undefined>;
}

/** The clients of a server, by their exact identifier. */
export interface Clients {
  readonly find: (clientId: string) => RegisteredClient | undefined | Promise<RegisteredClient | undefined>;
}
