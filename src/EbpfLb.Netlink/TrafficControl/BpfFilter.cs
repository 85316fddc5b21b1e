using System.Runtime.InteropServices;

namespace EbpfLb.Netlink.TrafficControl;

/// <summary>A BPF program as a filter whose return value decides (direct action), for all protocols.</summary>
/// <param name="LinkIndex">The device.</param>
/// <param name="Priority">Lower runs first; at most 0xffff.</param>
/// <param name="Handle">Its number among those of the priority; not 0.</param>
/// <param name="Program">Descriptor of a loaded program for tc.</param>
/// <param name="Name">What `tc filter show` says and <see cref="TcFilter.Name"/> reads back.</param>
public sealed record BpfFilter(int LinkIndex, TcDirection Direction, ushort Priority, uint Handle, SafeHandle Program, string Name);
