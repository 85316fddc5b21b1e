using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf.Tests.Native;

public sealed class LibBpfVersionTests
{
    /// <summary>The oldest one that this library works with; the agent has its own linked in.</summary>
    private static readonly Version Oldest = new(1, 1);

    [Fact]
    public void The_installed_library_is_new_enough()
        => Assert.True(new Version((int)LibBpf.libbpf_major_version(), (int)LibBpf.libbpf_minor_version()) >= Oldest);
}
