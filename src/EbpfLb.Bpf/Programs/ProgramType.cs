namespace EbpfLb.Bpf;

/// <summary>enum bpf_prog_type; the kinds that a load balancer has a use for.</summary>
public enum ProgramType
{
    /// <summary>BPF_PROG_TYPE_UNSPEC.</summary>
    Unspecified = 0,

    /// <summary>Socket filter.</summary>
    SocketFilter = 1,

    /// <summary>tc classifier, also of TCX.</summary>
    SchedCls = 3,

    /// <summary>XDP.</summary>
    Xdp = 6,

    /// <summary>Packets of a cgroup.</summary>
    CgroupSkb = 8,

    /// <summary>Sockets of a cgroup: create, release, bound.</summary>
    CgroupSock = 9,

    /// <summary>TCP events.</summary>
    SockOps = 13,

    /// <summary>Addresses in connect, bind, sendmsg... of a cgroup.</summary>
    CgroupSockAddr = 18,

    /// <summary>Tracing and iterators.</summary>
    Tracing = 26,

    /// <summary>Listener lookup.</summary>
    SkLookup = 30,

    /// <summary>Runs on BPF_PROG_TEST_RUN only, with a context of the caller's choice.</summary>
    Syscall = 31,
}
