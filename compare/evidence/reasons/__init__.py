"""Why a program differs: the one changed assumption under which the certificate holds."""
