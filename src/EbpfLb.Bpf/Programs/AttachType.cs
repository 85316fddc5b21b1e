namespace EbpfLb.Bpf;

/// <summary>enum bpf_attach_type; the hooks that a load balancer has a use for.</summary>
public enum AttachType
{
    /// <summary>BPF_CGROUP_INET_INGRESS, and the value of programs that have no attach type.</summary>
    CgroupInetIngress = 0,

    /// <summary>BPF_CGROUP_INET_EGRESS.</summary>
    CgroupInetEgress = 1,

    /// <summary>BPF_CGROUP_INET_SOCK_CREATE.</summary>
    CgroupInetSockCreate = 2,

    /// <summary>BPF_CGROUP_SOCK_OPS.</summary>
    CgroupSockOps = 3,

    /// <summary>BPF_CGROUP_INET4_BIND.</summary>
    CgroupInet4Bind = 8,

    /// <summary>BPF_CGROUP_INET6_BIND.</summary>
    CgroupInet6Bind = 9,

    /// <summary>BPF_CGROUP_INET4_CONNECT.</summary>
    CgroupInet4Connect = 10,

    /// <summary>BPF_CGROUP_INET6_CONNECT.</summary>
    CgroupInet6Connect = 11,

    /// <summary>BPF_CGROUP_INET4_POST_BIND.</summary>
    CgroupInet4PostBind = 12,

    /// <summary>BPF_CGROUP_INET6_POST_BIND.</summary>
    CgroupInet6PostBind = 13,

    /// <summary>BPF_CGROUP_UDP4_SENDMSG.</summary>
    CgroupUdp4Sendmsg = 14,

    /// <summary>BPF_CGROUP_UDP6_SENDMSG.</summary>
    CgroupUdp6Sendmsg = 15,

    /// <summary>BPF_CGROUP_UDP4_RECVMSG.</summary>
    CgroupUdp4Recvmsg = 19,

    /// <summary>BPF_CGROUP_UDP6_RECVMSG.</summary>
    CgroupUdp6Recvmsg = 20,

    /// <summary>BPF_TRACE_ITER.</summary>
    TraceIterator = 28,

    /// <summary>BPF_CGROUP_INET4_GETPEERNAME.</summary>
    CgroupInet4Getpeername = 29,

    /// <summary>BPF_CGROUP_INET6_GETPEERNAME.</summary>
    CgroupInet6Getpeername = 30,

    /// <summary>BPF_CGROUP_INET4_GETSOCKNAME.</summary>
    CgroupInet4Getsockname = 31,

    /// <summary>BPF_CGROUP_INET6_GETSOCKNAME.</summary>
    CgroupInet6Getsockname = 32,

    /// <summary>BPF_CGROUP_INET_SOCK_RELEASE.</summary>
    CgroupInetSockRelease = 34,

    /// <summary>BPF_SK_LOOKUP.</summary>
    SkLookup = 36,

    /// <summary>BPF_XDP.</summary>
    Xdp = 37,

    /// <summary>BPF_TCX_INGRESS, kernel 6.6; libbpf 1.1 does not know it but passes it on.</summary>
    TcxIngress = 46,

    /// <summary>BPF_TCX_EGRESS, kernel 6.6.</summary>
    TcxEgress = 47,
}
