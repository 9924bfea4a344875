package core

import "strings"

// Prefixes of ids with a meaning of their own.
const (
	DesignPrefix = "_design/"
	LocalPrefix  = "_local/"
)

// IsLocalID reports whether docID is that of a local document: one that has no revision tree and does not replicate.
func IsLocalID(docID string) bool { return strings.HasPrefix(docID, LocalPrefix) }

// IsDesignID reports whether docID is that of a design document.
func IsDesignID(docID string) bool { return strings.HasPrefix(docID, DesignPrefix) }

// ValidateDocID returns an ErrIllegalDocID, with CouchDB's reason, for an id that no document may have.
func ValidateDocID(docID string) error {
	switch {
	case docID == "":
		return ErrIllegalDocID.Because("Document id must not be empty")
	case docID[0] != '_':
		return nil
	case docID == DesignPrefix || docID == LocalPrefix:
		return ErrIllegalDocID.Because("Illegal document id `" + docID + "`")
	case IsDesignID(docID) || IsLocalID(docID):
		return nil
	}
	return ErrIllegalDocID.Because("Only reserved document ids may start with underscore.")
}
