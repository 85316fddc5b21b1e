using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>Indexes of devices in the namespace of the calling thread (see <see cref="NetnsThread"/>).</summary>
public static class DeviceIndex
{
    /// <exception cref="InvalidOperationException">There is no such device here.</exception>
    public static int Of(string device) => Libc.if_nametoindex(device) is var index and not 0
        ? (int)index
        : throw new InvalidOperationException($"no device {device} in this namespace");
}
