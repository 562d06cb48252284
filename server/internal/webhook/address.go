package webhook

import "net/netip"

const loopback = "loopback"

// span is a block of addresses that are not the public internet's.
type span struct{ prefix, kind string }

// spans are those of the IANA registries of special-purpose addresses (RFC 6890 and its updates)
// and of multicast. Of IPv6 all but 2000::/3 is refused anyway; they are named for the message.
var spans = [...]span{
	{"0.0.0.0/8", "unspecified"},
	{"10.0.0.0/8", "private"},
	{"100.64.0.0/10", "carrier-grade NAT"},
	{"127.0.0.0/8", loopback},
	{"169.254.0.0/16", "link-local"},
	{"172.16.0.0/12", "private"},
	{"192.0.0.0/24", "reserved"},
	{"192.0.2.0/24", "documentation"},
	{"192.88.99.0/24", "reserved"},
	{"192.168.0.0/16", "private"},
	{"198.18.0.0/15", "benchmarking"},
	{"198.51.100.0/24", "documentation"},
	{"203.0.113.0/24", "documentation"},
	{"224.0.0.0/4", "multicast"},
	{"255.255.255.255/32", "broadcast"},
	{"240.0.0.0/4", "reserved"},

	{"::/128", "unspecified"},
	{"::1/128", loopback},
	{"fc00::/7", "private"},
	{"fe80::/10", "link-local"},
	{"fec0::/10", "private"},
	{"ff00::/8", "multicast"},
	{"2001::/23", "reserved"}, // Teredo among them
	{"2001:db8::/32", "documentation"},
	{"3fff::/20", "documentation"},
}

// kindOf returns what an address is when it is not the public internet's, else nothing. An IPv6
// address that stands for an IPv4 one is what that is.
func kindOf(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "reserved"
	case addr.Zone() != "":
		return "link-local"
	}
	addr = addr.Unmap()
	for _, s := range spans {
		if netip.MustParsePrefix(s.prefix).Contains(addr) {
			return s.kind
		}
	}
	if addr.Is4() {
		return ""
	}
	if inner, ok := embedded(addr); ok {
		return kindOf(inner)
	}
	if !netip.MustParsePrefix("2000::/3").Contains(addr) {
		return "reserved"
	}
	return ""
}

// embedded returns the IPv4 address that a translator or tunnel makes of an IPv6 one: NAT64
// (RFC 6052, the well-known prefix), 6to4 (RFC 3056), ISATAP (RFC 5214).
func embedded(addr netip.Addr) (netip.Addr, bool) {
	b := addr.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case netip.MustParsePrefix("2002::/16").Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe:
		return netip.AddrFrom4([4]byte(b[12:16])), true
	default:
		return netip.Addr{}, false
	}
}
