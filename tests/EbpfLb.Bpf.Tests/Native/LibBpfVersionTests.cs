namespace EbpfLb.Bpf.Tests.Native;

public sealed class LibBpfVersionTests
{
    [Fact]
    public void The_installed_library_is_new_enough() => Assert.True(LibBpfVersion.Require() >= LibBpfVersion.Oldest);
}
