import type { Type } from '@nestjs/common';
import { combinedStepUp, SetupError, type Requirement } from '@assay/core';
import { labelOf, type Declaration } from './declaration.js';
import { levelsOf, type Level } from './levels.js';

/** What a handler demands of a request. */
export interface Protection {
  /** `optional`: a request without a token passes as anonymous. `public`: no token is looked at. */
  readonly access: 'protected' | 'optional' | 'public';
  /** In the order in which they are judged. */
  readonly requirements: readonly Requirement[];
}

/**
 * What the decorators on a method, its class and what they inherit from come to.
 *
 * Requirements accumulate. The nearest `@Public` or `@OptionalAuthentication` opens the handler, where it reaches it.
 *
 * Throws: `SetupError` naming class and method, for decorators that contradict each other.
 */
export function protectionOf(controller: Type, method: string): Protection {
  const levels = upToPublic(levelsOf(controller, method));
  const handler = `${controller.name}.${method}`;
  levels.forEach((level, index) => {
    refuseBothOpenings(handler, level);
    refuseContradiction(handler, 'public', { level, against: levels.slice(0, index + 1) });
    refuseContradiction(handler, 'optional', { level, against: levels.slice(index) });
  });

  const access = levels.find(({ opens }) => opens !== undefined)?.opens ?? 'protected';
  if (access === 'public') return { access, requirements: [] };
  const requirements = inOrderOfJudgement(levels.flatMap(requirementsOf));
  refuseImpossibleStepUp(handler, requirements);
  // A requirement nearer than @OptionalAuthentication asks for a principal, which nobody anonymous has.
  return { access: requirements.some(asksForPrincipal) ? 'protected' : access, requirements };
}

/** The levels that count: `@Public` overrides what is farther away. */
function upToPublic(levels: readonly Level[]): readonly Level[] {
  const opened = levels.findIndex(({ opens }) => opens === 'public');
  return opened === -1 ? levels : levels.slice(0, opened + 1);
}

function refuseBothOpenings(handler: string, { where, declarations }: Level): void {
  const kinds = new Set(declarations.map(({ kind }) => kind));
  if (!kinds.has('public') || !kinds.has('optional')) return;
  throw new SetupError({
    option: handler,
    problem: `@Public and @OptionalAuthentication both stand on ${where}`,
    remedy: 'Keep one: @Public never looks at a token, @OptionalAuthentication refuses a bad one.',
  });
}

const contradictions = {
  public: {
    isContradictedBy: (): boolean => true,
    remedy: 'Drop one of the two, or put @Public on the methods that are to be public.',
  },
  optional: {
    // Narrowing the audience is about tokens that are there; any other requirement is about everyone.
    isContradictedBy: asksForPrincipal,
    remedy: 'Drop one of the two, or put the requirement on the methods that are to have it.',
  },
} as const;

function refuseContradiction(
  handler: string,
  kind: keyof typeof contradictions,
  { level, against }: { readonly level: Level; readonly against: readonly Level[] },
): void {
  const opening = level.declarations.find((declaration) => declaration.kind === kind);
  if (opening === undefined) return;
  const { isContradictedBy, remedy } = contradictions[kind];
  for (const other of against) {
    const contradicting = other.declarations.find(
      (declaration) => declaration.kind === 'require' && isContradictedBy(declaration.requirement),
    );
    if (contradicting === undefined) continue;
    throw new SetupError({
      option: handler,
      problem: `${labelOf(opening)} on ${level.where} contradicts ${labelOf(contradicting)} on ${other.where}`,
      remedy,
    });
  }
}

function refuseImpossibleStepUp(handler: string, requirements: readonly Requirement[]): void {
  const demands = requirements.flatMap(({ stepUp }) => (stepUp === undefined ? [] : [stepUp]));
  if (combinedStepUp(demands)?.acrValues?.length !== 0) return;
  throw new SetupError({
    option: handler,
    problem: 'its @RequireStepUp decorators have no acr in common, so that no login satisfies all of them',
    remedy: 'Name an acr that all of them accept, or keep one of the decorators.',
  });
}

function requirementsOf({ declarations }: Level): readonly Requirement[] {
  return declarations.flatMap((declaration: Declaration) =>
    declaration.kind === 'require' ? [declaration.requirement] : [],
  );
}

/** Whether a token is for this route at all comes before what it grants: 401 before 403. */
function inOrderOfJudgement(requirements: readonly Requirement[]): readonly Requirement[] {
  return [
    ...requirements.filter((requirement) => !asksForPrincipal(requirement)),
    ...requirements.filter(asksForPrincipal),
  ];
}

function asksForPrincipal({ audience }: Requirement): boolean {
  return audience === undefined;
}
