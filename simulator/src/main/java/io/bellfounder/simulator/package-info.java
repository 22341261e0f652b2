/**
 * Model providers to test against: what api.anthropic.com and api.openai.com put on the wire, from
 * scripted and recorded bytes, with chosen pace and faults. It writes down what it received and
 * what it billed. Shares no code with the gateway it tests: a shared mistake would agree with
 * itself.
 */
@NullMarked
package io.bellfounder.simulator;

import org.jspecify.annotations.NullMarked;
