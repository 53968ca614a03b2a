/**
 * The parts of an OpenAPI document that are read or written here. Documents of `@nestjs/swagger` have them, which is not
 * imported, because it is there only where documents are.
 */
export interface OpenApiDocument {
  readonly openapi?: string;
  readonly paths: object;
  components?: { securitySchemes?: object };
}

/** One operation of a document. */
export interface Operation {
  /** The ways to be let in, each a set of schemes that have to be satisfied together. */
  security?: readonly SecurityRequirement[];
  responses?: Record<string, Response | Reference>;
}

/** Scopes by the name of their security scheme. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

/** An answer that an operation may give. */
export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
}

/** Something that the document describes elsewhere. */
export interface Reference {
  readonly $ref: string;
}

/** How clients show who they are. */
export interface SecurityScheme {
  readonly type?: string;
}
