using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.TrafficControl;

/// <summary>A filter at clsact.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Priority">Lower runs first.</param>
/// <param name="Handle">Its number among those of one priority.</param>
/// <param name="Kind">"bpf", "flower" ...</param>
/// <param name="Name">Of BPF filters: the name given when it was made; null for others.</param>
/// <param name="ProgramId">Of BPF filters: the kernel's id of the program; 0 for others.</param>
public sealed record TcFilter(
    int LinkIndex, TcDirection Direction, ushort Priority, uint Handle, string Kind, string? Name, uint ProgramId);

/// <summary>A queueing discipline of a device.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Kind">"clsact", "fq_codel" ...</param>
/// <param name="Handle">Its number: major in the upper 16 bits; clsact and ingress have ffff:.</param>
public sealed record Qdisc(int LinkIndex, string Kind, uint Handle);

/// <summary>A BPF program as a filter whose return value decides (direct action), for all protocols.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Priority">Lower runs first; at most 0xffff.</param>
/// <param name="Handle">Its number among those of the priority; not 0.</param>
/// <param name="Program">Descriptor of a loaded program for tc.</param>
/// <param name="Name">What `tc filter show` says and <see cref="TcFilter.Name"/> reads back.</param>
public sealed record BpfFilter(int LinkIndex, TcDirection Direction, ushort Priority, uint Handle, SafeHandle Program, string Name);

/// <summary>Which packets of a device.</summary>
public enum TcDirection
{
    /// <summary>Those that come in.</summary>
    Ingress,

    /// <summary>Those that leave.</summary>
    Egress,
}
