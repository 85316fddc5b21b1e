namespace EbpfLb.Netlink;

/// <summary>Error numbers that rtnetlink answers with and that callers decide on (asm-generic/errno.h); others are just numbers.</summary>
public enum NetlinkErrno
{
    /// <summary>CAP_NET_ADMIN is missing.</summary>
    EPERM = 1,

    /// <summary>No such qdisc, filter or route.</summary>
    ENOENT = 2,

    /// <summary>What was read kept changing while it was read.</summary>
    EINTR = 4,

    /// <summary>It is there already.</summary>
    EEXIST = 17,

    /// <summary>No such device.</summary>
    ENODEV = 19,

    /// <summary>The kernel refuses the message.</summary>
    EINVAL = 22,

    /// <summary>The kernel has no such protocol of netlink.</summary>
    EPROTONOSUPPORT = 93,

    /// <summary>Not supported by this kernel or this device.</summary>
    EOPNOTSUPP = 95,

    /// <summary>Another socket is there by now.</summary>
    ESTALE = 116,

    /// <summary>The kernel had more to tell than the socket could hold.</summary>
    ENOBUFS = 105,
}
