using System.Buffers.Binary;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Native;

namespace EbpfLb.Kubernetes.Manifests.Watcher;

/// <summary>What the kernel tells of a directory, by inotify(7). The numbers are those of linux/inotify.h on every architecture.</summary>
[Flags]
internal enum InotifyEvents : uint
{
    None = 0,
    Modify = 0x2,
    CloseWrite = 0x8,
    MovedFrom = 0x40,
    MovedTo = 0x80,
    Create = 0x100,
    Delete = 0x200,
    DeleteSelf = 0x400,
    MoveSelf = 0x800,

    /// <summary>Events were lost.</summary>
    QueueOverflow = 0x4000,

    /// <summary>The watch has ended.</summary>
    Ignored = 0x8000,

    OnlyDirectories = 0x100_0000,

    /// <summary>The event is one of a directory.</summary>
    IsDirectory = 0x4000_0000,
}

/// <param name="Directory">As it was given to <see cref="Inotify.Add"/>; null when the event is of none.</param>
/// <param name="Name">Of the entry; "" when the event is of the directory itself.</param>
internal readonly record struct InotifyEvent(string? Directory, InotifyEvents Events, string Name);

/// <summary>
/// Watches directories, each by itself. FileSystemWatcher does not tell when a file that was written is closed, and only then it is whole.
/// </summary>
internal sealed class Inotify : IDisposable
{
    private const int HeaderSize = 16;

    private readonly int descriptor;
    private readonly Action<InotifyEvent> notified;
    private readonly Action<string> failed;
    private readonly Lock sync = new();
    private readonly Dictionary<int, string> directories = [];
    private readonly Dictionary<string, int> watches = new(StringComparer.Ordinal);

    /// <summary>Ends the reader: taking this watch out wakes it.</summary>
    private readonly int end;

    private volatile bool isDisposed;

    /// <param name="told">Called for each event, on a thread of its own.</param>
    /// <param name="failed">Called when reading events ends with an error.</param>
    /// <exception cref="IOException">The kernel has no instances or no watches left.</exception>
    public Inotify(Action<InotifyEvent> notified, Action<string> failed)
    {
        this.notified = notified;
        this.failed = failed;
        descriptor = LibC.inotify_init1(LibC.O_CLOEXEC);
        if (descriptor < 0) throw Error("inotify_init1");
        end = LibC.inotify_add_watch(descriptor, "/", (uint)(InotifyEvents.MoveSelf | InotifyEvents.OnlyDirectories));
        if (end < 0)
        {
            var error = Error("inotify_add_watch");
            _ = LibC.close(descriptor);
            throw error;
        }
        new Thread(Read) { IsBackground = true, Name = "inotify" }.Start();
    }

    /// <summary>Watches the directory that has this path now. False when there is none.</summary>
    /// <exception cref="IOException">The kernel has no watches left, or the directory may not be read.</exception>
    public bool Add(string directory)
    {
        const InotifyEvents wanted = InotifyEvents.Modify | InotifyEvents.CloseWrite | InotifyEvents.MovedFrom | InotifyEvents.MovedTo
            | InotifyEvents.Create | InotifyEvents.Delete | InotifyEvents.DeleteSelf | InotifyEvents.MoveSelf
            | InotifyEvents.OnlyDirectories;
        lock (sync)
        {
            // The same watch for the same directory: asked again, as another one may have been put in its place.
            var watch = LibC.inotify_add_watch(descriptor, directory, (uint)wanted);
            if (watch < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                return error == LibC.ENOENT || error == LibC.ENOTDIR ? false : throw Error($"inotify_add_watch {directory}");
            }
            if (watches.TryGetValue(directory, out var old) && old != watch)
            {
                directories.Remove(old);
                _ = LibC.inotify_rm_watch(descriptor, old);
            }
            if (directories.TryGetValue(watch, out var before) && before != directory) watches.Remove(before);
            directories[watch] = directory;
            watches[directory] = watch;
            return true;
        }
    }

    /// <summary>Ends the watches of all directories but these.</summary>
    public void Keep(IReadOnlySet<string> wanted)
    {
        lock (sync)
        {
            foreach (var (directory, watch) in watches.Where(w => !wanted.Contains(w.Key)).ToList())
            {
                watches.Remove(directory);
                directories.Remove(watch);
                _ = LibC.inotify_rm_watch(descriptor, watch);
            }
        }
    }

    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        // The reader closes the descriptor: closing it here would not wake it, and its number could be another file's at once.
        _ = LibC.inotify_rm_watch(descriptor, end);
    }

    private void Read()
    {
        var buffer = new byte[64 * 1024];
        while (!isDisposed)
        {
            var length = (int)LibC.read(descriptor, buffer);
            if (length < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error == LibC.EINTR) continue;
                if (!isDisposed) failed(new Win32Exception(error).Message);
                break;
            }
            if (!isDisposed) Notify(buffer.AsSpan(0, length));
        }
        _ = LibC.close(descriptor);
    }

    private void Notify(ReadOnlySpan<byte> events)
    {
        while (events.Length >= HeaderSize)
        {
            var watch = BinaryPrimitives.ReadInt32LittleEndian(events);
            var kinds = (InotifyEvents)BinaryPrimitives.ReadUInt32LittleEndian(events[4..]);
            var size = BinaryPrimitives.ReadInt32LittleEndian(events[12..]);
            var name = events.Slice(HeaderSize, size);
            events = events[(HeaderSize + size)..];
            var terminator = name.IndexOf((byte)0);
            notified(
                new InotifyEvent(DirectoryOf(watch, kinds), kinds, Encoding.UTF8.GetString(terminator < 0 ? name : name[..terminator])));
        }
    }

    private string? DirectoryOf(int watch, InotifyEvents kinds)
    {
        lock (sync)
        {
            if (!directories.TryGetValue(watch, out var directory)) return null;
            if (kinds.HasFlag(InotifyEvents.Ignored))
            {
                directories.Remove(watch);
                watches.Remove(directory);
            }
            return directory;
        }
    }

    private static IOException Error(string call)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {new Win32Exception(error).Message}");
    }
}
