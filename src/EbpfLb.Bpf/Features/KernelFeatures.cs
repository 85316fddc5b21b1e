namespace EbpfLb.Bpf;

/// <summary>
/// Finds out what the kernel offers by doing it (tiny programs, tiny maps), not by its version: distributions port
/// features back, and configurations, lockdown and missing capabilities take them away.
/// </summary>
public static class KernelFeatures
{
    /// <summary>Name of the feature that everything else needs.</summary>
    public const string BpfSyscall = "bpf";

    /// <summary>Name of the feature that functions of the kernel need.</summary>
    public const string Jit = "jit";

    /// <summary>Name of the feature that programs ask nf_conntrack by.</summary>
    public const string ConntrackLookupFunction = "bpf_skb_ct_lookup";

    private const int GetNetnsCookie = 122;

    // Reads megabytes of BTF; what a process has loaded by then decides.
    private static readonly Lazy<string?> WithoutConntrackLookup = new(()
        => ConntrackLookup(ProgramProbe.Jit(), () => KernelBtf.ReasonWithoutModule(ConntrackLookupFunction, "nf_conntrack")));

    private static readonly (string Name, AttachType Hook, string Lost)[] AddressHooks =
    [
        ("connect4", AttachType.CgroupInet4Connect, "IPv4 connections to services"),
        ("connect6", AttachType.CgroupInet6Connect, "IPv6 connections to services"),
        ("sendmsg4", AttachType.CgroupUdp4Sendmsg, "unconnected UDP over IPv4 to services"),
        ("sendmsg6", AttachType.CgroupUdp6Sendmsg, "unconnected UDP over IPv6 to services"),
        ("recvmsg4", AttachType.CgroupUdp4Recvmsg, "UDP answers over IPv4 show the backend's address"),
        ("recvmsg6", AttachType.CgroupUdp6Recvmsg, "UDP answers over IPv6 show the backend's address"),
        ("getpeername4", AttachType.CgroupInet4Getpeername, "getpeername() over IPv4 shows the backend's address"),
        ("getpeername6", AttachType.CgroupInet6Getpeername, "getpeername() over IPv6 shows the backend's address"),
    ];

    /// <summary>Whether tc programs can be attached as links (kernel 6.6); one probe.</summary>
    public static bool HasTcx() => ProgramProbe.Tcx() is null;

    /// <summary>
    /// Whether programs of socket hooks can say what a call fails with; one probe. The helper exists since 5.18, in these hooks since 6.1.
    /// </summary>
    public static bool HasSetRetval() => ProgramProbe.SetRetval() is null;

    /// <summary>
    /// Whether connect() of an MPTCP socket can tell whose subflow it is; one probe. Kernel 5.19, built with MPTCP and BTF.
    /// </summary>
    public static bool HasMptcp() => ProgramProbe.Mptcp() is null;

    /// <summary>Whether programs can ask nf_conntrack, which has to be built in or loaded by now; kernel 5.18.</summary>
    public static bool HasConntrackLookup() => ConntrackLookup() is null;

    /// <summary>Probes everything; some milliseconds, and nothing is left behind.</summary>
    public static IReadOnlyList<KernelFeature> Probe()
    {
        if (ProgramProbe.AddressErrno(AttachType.CgroupInet4Connect) is Errno.EPERM or Errno.EACCES)
            return [Feature(BpfSyscall, $"not permitted; {Privileges.Advice}", "everything")];
        return
        [
            Feature(BpfSyscall, null, "everything"),
            Feature(Jit, ProgramProbe.Jit(), "speed: programs are interpreted (set net.core.bpf_jit_enable=1)"),
            Feature("kernel_btf", KernelBtf.Reason(), "iterators over sockets: sock_diag has to do"),
            .. AddressHooks.Select(hook => Feature(hook.Name, ProgramProbe.Address(hook.Hook), hook.Lost)),
            Feature(
                "sock_release", ProgramProbe.TryLoad(ProgramType.CgroupSock, AttachType.CgroupInetSockRelease, Instruction.Return(1)),
                "active connection counts"),
            Feature("cgroup_link", ProgramProbe.CgroupLink(), "socket hooks that outlive the agent safely (kernel 5.7)"),
            Feature(
                "bpf_get_netns_cookie",
                ProgramProbe.TryLoad(
                    ProgramType.CgroupSockAddr, AttachType.CgroupInet4Connect,
                    [Instruction.Call(GetNetnsCookie), .. Instruction.Return(1)]),
                "ClientIP affinity of pods at the socket hooks (kernel 5.7)"),
            Feature(
                "bpf_set_retval", ProgramProbe.SetRetval(),
                "\"connection refused\" for services without endpoints: connect() says \"operation not permitted\" (kernel 6.1)"),
            Feature("sk_storage", ProgramProbe.SocketStorage(), "remembering a socket's frontend (kernel 5.9 in these hooks)"),
            Feature(
                "bpf_skc_to_mptcp_sock", ProgramProbe.Mptcp(),
                "getpeername() of MPTCP sockets shows the backend, and they count as open for ever (kernel 5.19, built with MPTCP)"),
            Feature(
                ConntrackLookupFunction, ConntrackLookup(),
                "connections that kube-proxy's rules translated before the agent started; telling replies to masqueraded connections from "
                    + "new ones to a NodePort of that number, and ports that netfilter masquerades with from those that are free: "
                + "have the CNI masquerade with ports that are neither (kernel 5.18; when nf_conntrack is loaded, start the agent again)"),
            Feature("mmap_array", MapProbe.TryCreate(new MapSpec("lb_probe", MapType.Array, 4, 8, 1, MapFlags.Mappable)),
                "mapped arrays (kernel 5.5)"),
            Feature("ring_buffer", MapProbe.TryCreate(new MapSpec("lb_probe", MapType.RingBuf, 0, 0, (uint)Environment.SystemPageSize)),
                "events (kernel 5.8)"),
            Feature("lru_hash", MapProbe.TryCreate(new MapSpec("lb_probe", MapType.LruHash, 4, 4, 1024)), "session affinity"),
            Feature("batch", MapProbe.Batch(), "speed: one system call per element (kernel 5.6)"),
            Feature("tcx", ProgramProbe.Tcx(), "tc programs as links: clsact has to do (kernel 6.6)"),
        ];
    }

    /// <summary>
    /// The verifier refuses a program that calls a function of the kernel where programs are interpreted, whatever BTF has
    /// (add_kfunc_call: ENOTSUPP).
    /// </summary>
    /// <param name="withoutJit">Why programs are not compiled; null: they are.</param>
    /// <param name="withoutFunction">Why the kernel has no such function; null: it has it. Reads all of BTF.</param>
    internal static string? ConntrackLookup(string? withoutJit, Func<string?> withoutFunction)
        => withoutJit is null ? withoutFunction() : $"functions of the kernel need the JIT ({withoutJit})";

    private static string? ConntrackLookup() => WithoutConntrackLookup.Value;

    private static KernelFeature Feature(string name, string? reason, string lost) => new(name, reason is null, reason ?? "", lost);
}
