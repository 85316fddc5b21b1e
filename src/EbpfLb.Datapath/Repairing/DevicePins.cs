using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Repairing;

/// <summary>What is recorded of programs at devices, and what became of it.</summary>
internal static class DevicePins
{
    private static readonly string[] Directions = ["in", "out"];

    /// <summary>Pins that devices should have which had all their programs.</summary>
    public static IReadOnlyList<string> Missing(InstancePaths paths, IReadOnlyList<AttachedDevice> devices) =>
    [
        .. from device in devices
           where device.Error is null
           from direction in Directions
           let name = $"{device.Method}-{device.Index}-{direction}"
           where !Bpf.Pin.Exists(device.Method == "tcx" ? paths.Link(name) : Path.Combine(paths.Filters, name))
           select name,
    ];

    /// <summary>Devices whose programs were there and had to be put there again.</summary>
    public static IReadOnlyList<string> PutBack(IReadOnlyList<AttachedDevice> before, IReadOnlyList<AttachedDevice> now) =>
    [
        .. from device in now
           where device is { Error: null, Action: not "kept" }
           where before.Any(b
               => b.Index == device.Index && b.Error is null && b.IngressProgram == device.IngressProgram
                   && b.Decision.Link.Name == device.Name)
           select device.Name,
    ];
}
