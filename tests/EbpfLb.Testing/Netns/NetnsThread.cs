using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>
/// Work inside a network namespace. setns(2) moves one thread, so each piece of work gets a thread of its own that ends with it and
/// never goes back to a pool. Sockets stay in the namespace they were created in, whoever uses them later.
/// </summary>
public static class NetnsThread
{
    /// <summary>
    /// Runs <paramref name="work"/> in the namespace at <paramref name="netnsPath"/> and returns its result or its exception.
    /// </summary>
    public static T Run<T>(string netnsPath, Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(netnsPath, () => result = work());
            }
#pragma warning disable CA1031 // Whatever it is, the caller gets it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
        })
        {
            IsBackground = true,
            Name = $"netns {Path.GetFileName(netnsPath)}",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Runs <paramref name="work"/> in the namespace at <paramref name="netnsPath"/>.</summary>
    public static void Run(string netnsPath, Action work) => Run(netnsPath, () =>
    {
        work();
        return true;
    });

    /// <summary>
    /// Moves this thread there and runs <paramref name="work"/>; the thread must not be used for anything else afterwards.
    /// </summary>
    internal static void Enter(string netnsPath, Action work)
    {
        using (var netns = File.OpenHandle(netnsPath))
        {
            if (Libc.setns((int)netns.DangerousGetHandle(), Libc.CLONE_NEWNET) != 0)
                throw new InvalidOperationException($"setns {netnsPath}: errno {Marshal.GetLastPInvokeError()}");
        }
        work();
    }
}
