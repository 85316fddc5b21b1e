using EbpfLb.Bpf;
using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// One way to put programs at devices, and the record of where it did, which lies in the instance's pins and so outlives the
/// agent. Works in the network namespace of the thread that calls.
/// </summary>
internal interface ITcHooks : IDisposable
{
    /// <summary>"tcx" or "clsact".</summary>
    string Method { get; }

    /// <summary>Indexes of the devices that have something of this instance.</summary>
    IReadOnlyList<int> Known();

    /// <summary>Puts a program there, or in place of what this instance put there before. Returns attached, replaced or kept.</summary>
    /// <exception cref="BpfException">The kernel refuses.</exception>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">The kernel refuses.</exception>
    string Put(int linkIndex, TcDirection direction, BpfProgram program);

    /// <summary>The id of the program that this instance has there; null: none.</summary>
    uint? ProgramId(int linkIndex, TcDirection direction);

    /// <summary>The program is at the device now, put there by this.</summary>
    /// <exception cref="BpfException">ENODEV: the device is gone.</exception>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">ENODEV: the device is gone.</exception>
    bool IsInForce(int linkIndex, TcDirection direction, BpfProgram program);

    /// <summary>Takes away what this instance put at a device, which may be gone. Returns what it removed, for people.</summary>
    IReadOnlyList<string> Remove(int linkIndex);
}
