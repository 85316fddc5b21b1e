namespace EbpfLb.Netlink.TrafficControl;

/// <summary>A filter at clsact.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Priority">Lower runs first.</param>
/// <param name="Handle">Its number among those of one priority.</param>
/// <param name="Kind">"bpf", "flower" ...</param>
/// <param name="Name">Of BPF filters: the name given when it was made; null for others.</param>
/// <param name="ProgramId">Of BPF filters: the kernel's id of the program; 0 for others.</param>
public sealed record TcFilter(int LinkIndex, TcDirection Direction, ushort Priority, uint Handle, string Kind, string? Name, uint ProgramId);
