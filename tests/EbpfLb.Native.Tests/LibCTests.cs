using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EbpfLb.Native.Tests;

/// <summary>Each group of calls once for real, with what C says when it fails.</summary>
public sealed class LibCTests
{
    private const int EBADF = 9;
    private const int EINVAL = 22;

    [Theory]
    [InlineData("a file, where a directory is asked for", "/proc/self/status", 20)]
    [InlineData("nothing", "/nö/such/directory", 2)]
    public void Errno_of_a_failed_call_is_kept(string what, string path, int errno)
    {
        Assert.Equal(-1, LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC));
        Assert.True(errno == Marshal.GetLastPInvokeError(), $"{what}: errno {Marshal.GetLastPInvokeError()}");
    }

    [Fact]
    public void Errno_of_a_call_with_a_handle_is_kept_when_the_handle_is_given_back()
    {
        using var none = new SafeFileHandle(1 << 30, ownsHandle: false);
        Assert.Equal(-1, LibC.read(none, new byte[1]));
        Assert.Equal(EBADF, Marshal.GetLastPInvokeError());
    }

    [Fact]
    public void A_directory_with_a_name_beyond_ascii_is_opened_locked_renamed_and_is_the_same_file_by_path_and_by_descriptor()
    {
        var path = Directory.CreateTempSubdirectory("ebpflb-ünï").FullName;
        var renamed = path + "-2";
        try
        {
            using var directory = new SafeFileHandle(LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC), ownsHandle: true);
            using var again = new SafeFileHandle(LibC.open(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC), ownsHandle: true);
            Assert.False(directory.IsInvalid);
            Assert.Equal(0, LibC.flock(directory, LibC.LOCK_EX | LibC.LOCK_NB));
            Assert.Equal(-1, LibC.flock(again, LibC.LOCK_EX | LibC.LOCK_NB));
            Assert.Equal(0, LibC.rename(path, renamed));
            Assert.Equal(0, LibC.statx(renamed, LibC.STATX_INO, out var byPath));
            Assert.Equal(0, LibC.statx(directory, LibC.STATX_INO, out var byDescriptor));
            Assert.Equal((byPath.stx_dev_major, byPath.stx_dev_minor, byPath.stx_ino),
                (byDescriptor.stx_dev_major, byDescriptor.stx_dev_minor, byDescriptor.stx_ino));
            Assert.NotEqual(0UL, byPath.stx_ino);
            Assert.Equal(-1, LibC.statx(path, LibC.STATX_INO, out _));
        }
        finally
        {
            if (Directory.Exists(renamed)) Directory.Delete(renamed);
            if (Directory.Exists(path)) Directory.Delete(path);
        }
    }

    [Fact]
    public void An_event_descriptor_counts_and_polls()
    {
        using var counter = new SafeFileHandle(LibC.eventfd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK), ownsHandle: true);
        Span<LibC.PollFd> wait = [new() { Fd = (int)counter.DangerousGetHandle(), Events = LibC.POLLIN }];
        Assert.Equal(0, LibC.poll(wait, 1, 0));
        Assert.Equal(sizeof(ulong), LibC.write(counter, BitConverter.GetBytes(3UL)));
        Assert.Equal(1, LibC.poll(wait, 1, 0));
        Assert.Equal(LibC.POLLIN, wait[0].Returned);
        var count = new byte[sizeof(ulong)];
        Assert.Equal(sizeof(ulong), LibC.read(counter, count));
        Assert.Equal(3UL, BitConverter.ToUInt64(count));
    }

    [Fact]
    public void Memory_of_a_file_is_shared_with_it()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "before");
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
            var address = LibC.mmap(0, 4096, LibC.PROT_READ | LibC.PROT_WRITE, LibC.MAP_SHARED, file, 0);
            Assert.NotEqual(-1, address);
            Marshal.Copy(Encoding.ASCII.GetBytes("after!"), 0, address, 6);
            Assert.Equal(0, LibC.munmap(address, 4096));
            Assert.Equal("after!", File.ReadAllText(path));
            Assert.Equal(-1, LibC.mmap(0, 0, LibC.PROT_READ, LibC.MAP_SHARED, file, 0));
            Assert.Equal(EINVAL, Marshal.GetLastPInvokeError());
        }
        finally
        {
            Assert.Equal(0, LibC.unlink(path));
        }
    }

    [Fact]
    public void The_other_end_of_a_socket_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient(AddressFamily.InterNetwork);
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        var raw = new SocketAddress(AddressFamily.InterNetwork);
        Assert.Equal(0, LibC.getpeername(client.Client.SafeHandle, raw.Buffer.Span, out var length));
        Assert.Equal(16, length);
        Assert.Equal(listener.LocalEndpoint, new IPEndPoint(IPAddress.Any, 0).Create(raw));
    }

    [Fact]
    public void Membarrier_says_which_commands_the_kernel_has()
    {
        const int query = 0, global = 1;
        Assert.Equal(global, LibC.membarrier(query) & global);
        Assert.Equal(-1, LibC.membarrier(1 << 30));
        Assert.Equal(EINVAL, Marshal.GetLastPInvokeError());
    }

    [Fact]
    public void Numbers_are_those_of_the_architecture_that_runs()
        => Assert.Equal(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000, LibC.O_DIRECTORY);
}
