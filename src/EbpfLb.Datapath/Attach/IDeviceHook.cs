using EbpfLb.Bpf;
using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Datapath.Attach;

/// <summary>
/// One kind of place for programs at devices, with how it is attached to, looked at and detached from, and the record of where it did,
/// which lies in the instance's pins and so outlives the agent. Works in the network namespace of the thread that calls.
/// </summary>
internal interface IDeviceHook : IDisposable
{
    /// <summary>As people and pins name it: "tcx", "clsact".</summary>
    string Kind { get; }

    /// <summary>
    /// The directions that have a program here, in the order of attaching: answers come before questions, as a request must not leave
    /// translated while its answer is not.
    /// </summary>
    IReadOnlyList<TcDirection> Directions { get; }

    /// <summary>The C function that belongs there.</summary>
    /// <param name="hasEthernet">Packets of the device begin with an Ethernet header, else with that of IP.</param>
    string ProgramOf(bool hasEthernet, TcDirection direction);

    /// <summary>Indexes of the devices that have something of this instance.</summary>
    IReadOnlyList<int> Known();

    /// <summary>Puts a program there, or in place of what this instance put there before. Returns attached, replaced or kept.</summary>
    /// <exception cref="BpfException">The kernel refuses.</exception>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">The kernel refuses.</exception>
    string Attach(int linkIndex, TcDirection direction, BpfProgram program);

    /// <summary>The id of the program that this instance has there; null: none.</summary>
    uint? ProgramId(int linkIndex, TcDirection direction);

    /// <summary>The program is at the device now, put there by this.</summary>
    /// <exception cref="BpfException">ENODEV: the device is gone.</exception>
    /// <exception cref="EbpfLb.Netlink.NetlinkException">ENODEV: the device is gone.</exception>
    bool Verify(int linkIndex, TcDirection direction, BpfProgram program);

    /// <summary>Records that a device with all its programs should have and that are not there.</summary>
    IReadOnlyList<string> MissingPins(int linkIndex);

    /// <summary>Takes away what this instance put at a device, which may be gone. Returns what it removed, for people.</summary>
    IReadOnlyList<string> Detach(int linkIndex);
}
