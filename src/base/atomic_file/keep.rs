//! What a file that takes the place of another keeps of it: owner, group, mode, access list and attributes.
//!
//! It does not keep the times of the old file, nor its other names (hard links), which go on naming the old one. Where
//! the owner or the group cannot be kept, nobody gets rights by that which they did not have.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Gid, Uid, XattrFlags, fchown, fremovexattr, fsetxattr, getxattr, listxattr};

/// The access list, as Linux keeps it.
const ACL: &str = "system.posix_acl_access";

/// The bits of a mode that stand for rights, with setuid, setgid and the sticky bit.
const RIGHTS: u32 = 0o7777;
const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;

/// Gives the new file what it is to keep of the old one, which stands at that path.
///
/// # Errors
///
/// The mode cannot be set.
pub fn keep(new: &File, path: &Path, old: &Metadata) -> io::Result<()> {
    let owners = keep_owners(new, old)?;
    let mode = mode(old.mode() & RIGHTS, owners);
    let names = names(path);
    if !names.iter().any(|name| name == ACL.as_bytes()) {
        // The folder may have given the new file a list, by which the mode would mean something else.
        let _ = fremovexattr(new, ACL);
    }
    // After the owner: the kernel drops setuid and setgid when that changes.
    if new.metadata()?.mode() & RIGHTS != mode {
        new.set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    for name in names.iter().filter(|name| is_kept(name, owners)) {
        // Not every file system has them, nor has every attribute a meaning for a new file.
        let _ = value(path, name).and_then(|value| fsetxattr(new, &**name, &value, XattrFlags::empty()));
    }
    Ok(())
}

/// Whether owner and group are those of the old file.
#[derive(Clone, Copy)]
struct Owners {
    user: bool,
    group: bool,
}

/// Gives the new file the owners of the old one, as far as this process may.
fn keep_owners(new: &File, old: &Metadata) -> io::Result<Owners> {
    let now = new.metadata()?;
    if (now.uid(), now.gid()) != (old.uid(), old.gid()) {
        let (user, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
        // Only root may give files away; a group of its own anybody may give.
        let _ = fchown(new, Some(user), Some(group)).or_else(|_| fchown(new, None, Some(group)));
    }
    let now = new.metadata()?;
    Ok(Owners { user: now.uid() == old.uid(), group: now.gid() == old.gid() })
}

/// The mode for the new file. Another group gets the rights that everybody has.
fn mode(old: u32, owners: Owners) -> u32 {
    let mut mode = old;
    if !owners.group {
        mode = mode & !0o070 & !SETGID | (mode & 0o007) << 3;
    }
    if !(owners.user && owners.group) {
        mode &= !SETUID;
    }
    mode
}

/// An access list that names others than the owners goes only with them.
fn is_kept(name: &[u8], owners: Owners) -> bool {
    let is_ours = owners.user && owners.group;
    name.starts_with(b"user.") || name == b"security.selinux" || (name == ACL.as_bytes() && is_ours)
}

/// The names of the attributes.
fn names(path: &Path) -> Vec<Vec<u8>> {
    let all = filled(|buffer| listxattr(path, buffer)).unwrap_or_default();
    all.split(|byte| *byte == 0).filter(|name| !name.is_empty()).map(<[u8]>::to_vec).collect()
}

fn value(path: &Path, name: &[u8]) -> rustix::io::Result<Vec<u8>> {
    filled(|buffer| getxattr(path, name, buffer))
}

/// What a call gives that takes a buffer of any size: an attribute has at most 64 KiB.
fn filled(call: impl FnOnce(&mut [u8]) -> rustix::io::Result<usize>) -> rustix::io::Result<Vec<u8>> {
    let mut buffer = vec![0; 1 << 16];
    let n = call(&mut buffer)?;
    buffer.truncate(n);
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_rights_that_they_did_not_have() {
        let both = Owners { user: true, group: true };
        let (user, group) = (Owners { group: false, ..both }, Owners { user: false, ..both });
        for old in [0o600, 0o640, 0o444, 0o2755, 0o4755, 0o1777] {
            assert_eq!(mode(old, both), old);
        }
        for (old, new) in [(0o640, 0o600), (0o664, 0o644), (0o2775, 0o755), (0o604, 0o644), (0o4750, 0o700)] {
            assert_eq!(mode(old, user), new, "{old:o}");
        }
        for (old, new) in [(0o640, 0o640), (0o4755, 0o755), (0o2755, 0o2755)] {
            assert_eq!(mode(old, group), new, "{old:o}");
        }
    }
}
