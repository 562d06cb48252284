// Package check judges cycles. Each checker decides one property of one cycle from its history
// and nothing else; its doc comment is the property's definition. What a checker cannot know is
// inconclusive, never a pass; what it has proven is a fail, whatever else is in doubt.
package check
