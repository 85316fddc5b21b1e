using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Tests.Fakes;

namespace EbpfLb.Agent.Tests.Hosting;

/// <summary>flock(2) asks for no right to write: whoever can read the file could keep the agent from starting.</summary>
public sealed class InstanceLockTests : IDisposable
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ReadByAll = Own | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly TemporaryDirectory directory = new();

    private string Path => directory.File("a.lock");

    public InstanceLockTests() => File.SetUnixFileMode(
        directory.Path, ReadByAll | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_new_file_is_for_its_owner_alone()
    {
        using var held = InstanceLock.TryTake(Path);

        Assert.NotNull(held);
        Assert.Equal(Own, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void A_file_that_all_could_read_is_for_its_owner_alone_from_then_on()
    {
        File.WriteAllText(Path, "");
        File.SetUnixFileMode(Path, ReadByAll);
        using var held = InstanceLock.TryTake(Path);

        Assert.NotNull(held);
        Assert.Equal(Own, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void Also_when_somebody_holds_it_already()
    {
        File.WriteAllText(Path, "");
        File.SetUnixFileMode(Path, ReadByAll);
        using var other = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Assert.Null(InstanceLock.TryTake(Path));
        Assert.True(InstanceLock.IsHeld(Path));
        Assert.Equal(Own, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void It_is_held_by_one_until_that_one_lets_go()
    {
        using (InstanceLock.TryTake(Path))
        {
            Assert.Null(InstanceLock.TryTake(Path));
            Assert.True(InstanceLock.IsHeld(Path));
        }
        Assert.False(InstanceLock.IsHeld(Path));
    }
}
