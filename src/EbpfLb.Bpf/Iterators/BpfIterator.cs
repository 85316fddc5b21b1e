using System.Buffers;
using System.Runtime.InteropServices;
using EbpfLb.Bpf.Native;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>Reads what an iterator program tells (kernel 5.8).</summary>
public static class BpfIterator
{
    private const int BufferBytes = 64 << 10;

    /// <summary>
    /// Runs the program over everything that it iterates and returns what it wrote by bpf_seq_write(). Iterators of sockets see those of
    /// the network namespace of the calling thread; iterators of a map see all of it.
    /// </summary>
    /// <typeparam name="T">What each call of the program writes, or nothing.</typeparam>
    /// <exception cref="BpfException">The kernel refused.</exception>
    public static T[] ReadAll<T>(BpfLink link)
        where T : unmanaged
    {
        using var fd = new BpfFd(Check.Result(LibBpf.bpf_iter_create(link.Fd), "open iterator", link.ToString()));
        var read = new ArrayBufferWriter<byte>(BufferBytes);
        while (true)
        {
            var count = LibC.read(fd, read.GetSpan(BufferBytes));
            if (count == 0) break;
            // EAGAIN: it looked at a million things without a word, to give others a chance.
            if (count < 0 && (Errno)Marshal.GetLastPInvokeError() is not (Errno.EAGAIN or Errno.EINTR))
                throw new BpfException((Errno)Marshal.GetLastPInvokeError(), "read iterator", link.ToString());
            if (count > 0) read.Advance((int)count);
        }
        return MemoryMarshal.Cast<byte, T>(read.WrittenSpan).ToArray();
    }
}
