// Package reports turns records into what people and machines read: the lines of a campaign's
// report, its summary files, and the text a run ends with. It is a fold over records and knows
// nothing of how a record came to be.
package reports
