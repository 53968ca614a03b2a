import { isAssayError, type AssayError, type Reason } from './assay-error.js';
import { reached, type AcceptedToken, type PresentedToken, type SignedStatement } from './evidence.js';
import type { FailureCode, Step } from './failures.js';
import { standardReading } from './profiles/claim-reading.js';
import { introspectedToken } from './profiles/introspected-token.js';
import type { Expected, Rule } from './rules/rule.js';
import { standingSteps } from './standing/standing-steps.js';
import { refuseBound } from './steps/refuse-bound.js';
import {
  establishOrigin,
  expectedOf,
  profileOf,
  type Origin,
  type VerificationContext,
  type VerifierParts,
} from './verify-token.js';

/** What became of one step or rule. */
export type AppraisalVerdict = 'satisfied' | 'rejected' | 'undetermined' | 'not reached';

/** One line of an appraisal. */
export interface AppraisalLine {
  /** What is true when the line is satisfied. */
  readonly guarantees: string;
  readonly spec: string;
  readonly verdict: AppraisalVerdict;
  readonly code?: FailureCode;
  readonly reason?: Reason | undefined;
  readonly claim?: string | undefined;
}

/** Every step and rule of one verification with its verdict. Holds no token and no received value. */
export interface Appraisal {
  readonly profile: string;
  /** `undetermined` when our own side failed: the token may be good or bad. */
  readonly outcome: 'accepted' | 'rejected' | 'undetermined';
  readonly lines: readonly AppraisalLine[];
  /** The lines as a text table. */
  readonly toString: () => string;
}

const extraction = { guarantees: 'the request carries one token', spec: 'RFC 6750 section 2' };

/** A step before the profile's rules, as an appraisal tells it. */
export interface StepLine {
  readonly step: Step;
  readonly guarantees: string;
  readonly spec: string;
}

const decryptionStep: StepLine = {
  step: 'decrypt token',
  guarantees: 'the token is encrypted to this receiver, where that was agreed',
  spec: 'RFC 7516 section 5.2',
};

/** The steps of a verification that end with the signature. */
export const signer: readonly StepLine[] = [
  { step: 'parse token', guarantees: 'the token is a well-formed compact JWS', spec: 'RFC 7519 section 7.2' },
  { step: 'choose issuer', guarantees: 'iss names a trusted issuer', spec: 'RFC 8725 section 3.8' },
  {
    step: 'choose key',
    guarantees: 'alg is allowed and a key of the issuer fits',
    spec: 'RFC 8725 section 3.1',
  },
  { step: 'verify signature', guarantees: 'the signature is by that key', spec: 'RFC 7515 section 5.2' },
];

/** The steps of a verification; decryption is among them where it is set up. */
function stepLinesOf({ decryption }: Pick<VerifierParts<string>, 'decryption'>): readonly StepLine[] {
  return (decryption?.keys ?? []).length === 0 ? signer : [decryptionStep, ...signer];
}

/** The steps by which it is found out what an opaque token is. */
const introspected: readonly StepLine[] = [
  {
    step: 'parse token',
    guarantees: 'the token is not longer than any token is',
    spec: 'RFC 7662 section 4',
  },
  {
    step: 'check standing',
    guarantees: 'its issuer says that the token is active',
    spec: 'RFC 7662 section 2.2',
  },
];

/** A judgement of a token that satisfies its profile: who sent it, whether it still stands. */
export interface LaterStep {
  readonly guarantees: string;
  readonly spec: string;
  /** Error: throws `AssayError`. */
  readonly check: (token: AcceptedToken) => unknown;
}

/** What stands for the sender's proof where a token comes without a request. */
export const notBound: LaterStep = {
  guarantees: 'no key is named in cnf that was not proven',
  spec: 'RFC 7800 section 3',
  check: refuseBound,
};

/** The later steps of a token that comes without a request. */
function laterStepsOf({ standing = [] }: Pick<VerifierParts<string>, 'standing'>): readonly LaterStep[] {
  return [notBound, ...standingSteps(standing)];
}

/** Appraises a token against a profile, as `appraiseOrigin` does. */
export async function appraiseToken(
  presented: PresentedToken,
  parts: VerifierParts<string>,
  context?: VerificationContext,
  later: readonly LaterStep[] = laterStepsOf(parts),
): Promise<Appraisal> {
  const establish = () => establishOrigin(presented, parts);
  const isOpaque = parts.opaque?.takes(presented) === true;
  const origin = isOpaque
    ? { profile: introspectedToken, steps: introspected }
    : { profile: parts.profile, steps: stepLinesOf(parts) };
  return appraiseOrigin({ ...origin, clock: parts.clock, establish }, context, later);
}

/** What is appraised: who signed it, found out by these steps, and by which profile. */
export interface AppraisedOrigin extends Pick<VerifierParts<string>, 'profile' | 'clock'> {
  readonly establish: () => Promise<Origin>;
  readonly steps: readonly StepLine[];
}

/**
 * Appraises what somebody signed: unlike a verification, it goes on to every rule and never throws on bad evidence. The
 * later steps are taken only for a token that satisfies them all: they may ask others about it.
 */
export async function appraiseOrigin(
  { establish, steps, profile, clock }: AppraisedOrigin,
  context: VerificationContext | undefined,
  later: readonly LaterStep[],
): Promise<Appraisal> {
  try {
    const { verified, issuer } = await establish();
    const expected = expectedOf(issuer, clock, context);
    const origin = steps.map((line) => lineOf(line, 'satisfied'));
    const { name, rules, kind, reading = standardReading } = profileOf(issuer, profile, expected);
    const judged = rules.map((rule) => lineOfRule(rule, verified, expected));
    const isAccepted = judged.every(({ verdict }) => verdict === 'satisfied');
    const accepted = isAccepted ? reached<AcceptedToken>({ ...verified, kind, reading }) : undefined;
    return appraisal(name, [...origin, ...judged, ...(await linesOfLater(later, accepted))]);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    const unreached = [...profile.rules, ...later].map((line) => lineOf(line, 'not reached'));
    return appraisal(profile.name, [...originUntil(realFailure(error), steps), ...unreached]);
  }
}

/** The appraisal of a request in which no token could be found: nothing else is reached. */
export function appraisalOfExtraction(
  { code, reason, claim }: AssayError,
  parts: Pick<VerifierParts<string>, 'profile' | 'decryption' | 'standing'>,
  later: readonly LaterStep[] = laterStepsOf(parts),
): Appraisal {
  const { name, rules } = parts.profile;
  const lines = [...stepLinesOf(parts), ...rules, ...later];
  const unreached = lines.map((line) => lineOf(line, 'not reached'));
  return appraisal(name, [{ ...extraction, verdict: 'rejected', code, reason, claim }, ...unreached]);
}

/** The later steps in order, until one refuses. */
async function linesOfLater(
  later: readonly LaterStep[],
  accepted: AcceptedToken | undefined,
): Promise<readonly AppraisalLine[]> {
  const lines: AppraisalLine[] = [];
  let token = accepted;
  for (const step of later) {
    const line = token === undefined ? lineOf(step, 'not reached') : await lineOfLater(step, token);
    if (line.verdict !== 'satisfied') token = undefined;
    lines.push(line);
  }
  return lines;
}

async function lineOfLater(step: LaterStep, token: AcceptedToken): Promise<AppraisalLine> {
  try {
    await step.check(token);
    return lineOf(step, 'satisfied');
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return failedLine(step, error);
  }
}

/** The line of a step or rule that is satisfied, or that was not reached. */
export function lineOf(
  { guarantees, spec }: Pick<Rule, 'guarantees' | 'spec'>,
  verdict: 'satisfied' | 'not reached',
): AppraisalLine {
  return { guarantees, spec, verdict };
}

/** What decryption hides from the caller is for people to see. */
function realFailure(error: AssayError): AssayError {
  return isAssayError(error.cause) ? error.cause : error;
}

/** The line of a rule, judged. */
export function lineOfRule(
  { guarantees, spec, check }: Rule,
  token: SignedStatement,
  expected: Expected,
): AppraisalLine {
  const finding = check(token, expected);
  return finding === undefined
    ? { guarantees, spec, verdict: 'satisfied' }
    : { guarantees, spec, verdict: 'rejected', ...finding };
}

function originUntil(error: AssayError, steps: readonly StepLine[]): readonly AppraisalLine[] {
  const failedAt = steps.findIndex(({ step }) => step === error.step);
  return steps.map((line, index) => {
    if (index !== failedAt) return lineOf(line, index < failedAt ? 'satisfied' : 'not reached');
    return failedLine(line, error);
  });
}

/** The line of a step that ended in a failure. */
export function failedLine(
  { guarantees, spec }: Pick<Rule, 'guarantees' | 'spec'>,
  { failure, code, reason, claim }: AssayError,
): AppraisalLine {
  const verdict = failure.fault === 'service' ? 'undetermined' : 'rejected';
  return { guarantees, spec, verdict, code, reason, claim };
}

/** The appraisal that these lines come to. */
export function appraisal(profile: string, lines: readonly AppraisalLine[]): Appraisal {
  const has = (verdict: AppraisalVerdict) => lines.some((line) => line.verdict === verdict);
  const isAccepted = lines.every(({ verdict }) => verdict === 'satisfied');
  const outcome = has('undetermined') ? 'undetermined' : isAccepted ? 'accepted' : 'rejected';
  return { profile, outcome, lines, toString: () => tableOf(profile, outcome, lines) };
}

const marks: Readonly<Record<AppraisalVerdict, string>> = {
  satisfied: '✓',
  rejected: '✗',
  undetermined: '?',
  'not reached': '·',
};

function tableOf(profile: string, outcome: string, lines: readonly AppraisalLine[]): string {
  const width = Math.max(...lines.map(({ guarantees }) => guarantees.length));
  const rows = lines.map(({ guarantees, spec, verdict, code, reason }) => {
    const why = code === undefined ? '' : `  ${code}${reason === undefined ? '' : ` (${reason})`}`;
    return `  ${marks[verdict]} ${guarantees.padEnd(width)}  ${spec}${why}`;
  });
  return [`${profile}: ${outcome}`, ...rows].join('\n');
}
