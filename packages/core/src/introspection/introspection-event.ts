/** What happened to an introspection. Holds no token and nothing that the endpoint sent. */
export interface IntrospectionEvent {
  /** The endpoint could not be asked, refused to answer us, or answered something else. */
  readonly kind: 'introspection-failed';
  /** Every request that needs an answer is refused with 503 until this is mended. */
  readonly level: 'alert';
  readonly issuer: string;
  /** Names the host and what failed. */
  readonly error: Error;
}
