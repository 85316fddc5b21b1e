using EbpfLb.Bpf;

namespace EbpfLb.Datapath.Attach;

/// <summary>A program of bpf/prog/sock.bpf.c or bind.bpf.c and the cgroup hook it is for.</summary>
public sealed record SocketHook(string Program, AttachType Type)
{
    /// <summary>All of them. Answers come before questions: a datagram must not leave translated while its answer is not.</summary>
    public static IReadOnlyList<SocketHook> All { get; } =
    [
        new("lb_sock_release", AttachType.CgroupInetSockRelease),
        new("lb_getpeername4", AttachType.CgroupInet4Getpeername),
        new("lb_getpeername6", AttachType.CgroupInet6Getpeername),
        new("lb_recvmsg4", AttachType.CgroupUdp4Recvmsg),
        new("lb_recvmsg6", AttachType.CgroupUdp6Recvmsg),
        new("lb_sendmsg4", AttachType.CgroupUdp4Sendmsg),
        new("lb_sendmsg6", AttachType.CgroupUdp6Sendmsg),
        new("lb_bind4", AttachType.CgroupInet4Bind),
        new("lb_bind6", AttachType.CgroupInet6Bind),
        new("lb_connect4", AttachType.CgroupInet4Connect),
        new("lb_connect6", AttachType.CgroupInet6Connect),
    ];

    /// <summary>Name of the link's pin: the program without its prefix ("connect4").</summary>
    public string LinkName => Program["lb_".Length..];
}

/// <summary>What is attached now.</summary>
/// <param name="Hook">Name of the hook: "connect4".</param>
/// <param name="Cgroup">Directory it is attached to.</param>
/// <param name="LinkId">The kernel's id of the link; it stays when the program is replaced.</param>
/// <param name="ProgramId">The kernel's id of the program.</param>
/// <param name="Action">How it came there in this run: attached, replaced (the pinned link got our program) or kept.</param>
public sealed record AttachedHook(string Hook, string Cgroup, uint LinkId, uint ProgramId, string Action);
